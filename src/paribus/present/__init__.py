"""What comes out of a study: figures, tables and a page. See `write.write_report`."""
