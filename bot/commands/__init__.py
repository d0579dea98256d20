"""What each `between` command does: reads settings, calls the rooms, prints for a person. The only place that prints."""
