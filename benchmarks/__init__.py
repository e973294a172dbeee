"""Speed and memory, peers side by side in one run. `python -m benchmarks` runs everything."""
