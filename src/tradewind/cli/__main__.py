"""The `tradewind` console script."""

from tradewind.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
