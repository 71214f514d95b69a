"""What is to be trained, as data: layers, networks, experiments, studies and their differences."""
