"""The `cwm` command."""
