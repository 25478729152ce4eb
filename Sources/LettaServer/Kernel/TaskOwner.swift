/// Owns unstructured tasks and ends them in `close()`. `scripts/lint` allows such tasks in the files of these types only.
protocol TaskOwner {}
