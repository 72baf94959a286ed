"""The command `gatednet`: one file for each of its commands, see `figures.cli.main`."""
