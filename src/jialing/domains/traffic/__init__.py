"""Traffic signals."""
