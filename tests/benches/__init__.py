"""The benchmarks run, small, so that none of them rots; nothing here looks at a clock."""
