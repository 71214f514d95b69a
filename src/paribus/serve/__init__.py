"""`paribus serve`: a study's page, live while it trains, and a pad to draw on. Reads, never writes.

`app` has the pages, `guard` what every request must pass, `follow` what has been trained so far,
`networks` the answers of trained networks, `drawing` makes of a drawing an image like MNIST's.
"""
