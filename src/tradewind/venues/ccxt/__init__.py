"""Any venue that ccxt knows, through one adapter. ccxt itself is imported only when a desk is opened."""
