"""All measurements and one table: `python -m bench [--quick]`. `docs/performance.md` says what each figure means."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys

PARTS = ("turns", "tick", "crisis", "restart", "memory")
QUICK = {
    "turns": ["--taps", "200", "--rounds", "3"],
    "tick": ["--many", "100000", "--due", "200", "--jobs", "500"],
    "crisis": ["--reminders", "6000", "--texts", "50", "--seconds", "12", "--pages", "8", "--queued", "100"],
    "restart": ["--patients", "50000", "--starts", "1"],
    "memory": ["--patients", "6", "--days", "6"],
}
ROW = "| {:<62} | {:<40} | {:<30} |"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench")
    asked.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast")
    asked.add_argument("--only", choices=PARTS, action="append")
    options = asked.parse_args()
    table, failed = [], []
    for part in options.only or PARTS:
        # A process for each: what one leaves in memory is no part of the next. Its rows come as lines that begin with a bar.
        arguments = QUICK[part] if options.quick else []
        print(f"\n== {part} {' '.join(arguments)}", flush=True)
        command = [sys.executable, "-c", f"from bench import {part} as p; [print('|', *row, sep='\\t') for row in p.main({arguments!r})]"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            failed.append(part)
        for line in done.stdout.splitlines():
            if line.startswith("|\t"):
                table.append(line.split("\t")[1:])
            else:
                print(line, flush=True)
    print(f"\nPython {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end\n")
    for row in (("what", "measured", "promised"), ("-" * 62, "-" * 40, "-" * 30), *table):
        print(ROW.format(*row))
    if failed:
        print(f"\nNot measured, because they failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
