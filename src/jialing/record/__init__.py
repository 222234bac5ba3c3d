"""What a run leaves behind: an append-only history that survives a kill, and its manifest.

A record is a folder:

- ``manifest.json``: what was run, with which versions, files (by hash), settings and seed
- ``ticks.bin``: one fixed-size frame per tick (`record.frame`)
- ``fields.<name>.bin``: float32 [ticks, elements], for pictures
- ``events.jsonl``: state changes, one JSON object per line (`record.events`)
- ``score.json``: written once the run has ended
"""
