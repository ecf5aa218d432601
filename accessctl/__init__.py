"""Access as code for Meta ad accounts and Pages."""

__version__ = "0.1.0"
