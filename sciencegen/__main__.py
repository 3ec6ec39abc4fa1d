"""`python -m sciencegen`."""

from sciencegen.cli import main

if __name__ == "__main__":
    main()
