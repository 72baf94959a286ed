"""The command `gatednet`: one file for each of its commands, see `gatednet.figures.cli.main`."""
