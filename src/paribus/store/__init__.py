"""What has been trained, kept in a folder: `open.open_store` gives a `Reader` or a `Writer`."""
