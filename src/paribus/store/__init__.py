"""What has been trained, kept in a folder: see `store.Store`."""
