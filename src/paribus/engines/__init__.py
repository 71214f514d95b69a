"""What trains a run. Each engine gets arrays and a plan, and knows nothing of studies or stores."""
