"""Where images and labels come from, and how they reach the engines."""
