"""The loop: sense -> forecast -> decide -> guard -> act -> record, on a clock, under a watchdog."""
