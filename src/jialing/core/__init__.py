"""The words every part of Jialing speaks: networks, signals, commands, stages, cases (numpy only)."""
