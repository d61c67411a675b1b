"""`python -m bulkcall` is the `bulkcall` command."""

from bulkcall.cli.main import main

if __name__ == "__main__":
    main()
