"""The commands. They see only the public API of Jialing."""
