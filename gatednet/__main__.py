"""`python -m gatednet`: the command."""

from gatednet.figures.cli.main import main

if __name__ == "__main__":
    main()
