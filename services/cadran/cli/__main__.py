"""`python -m cadran.cli` is the `cadran` command."""

from cadran.cli import main

if __name__ == "__main__":
    main()
