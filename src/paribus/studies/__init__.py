"""The studies that come with Paribus, as TOML files."""
