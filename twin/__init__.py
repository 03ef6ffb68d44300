"""The digital twin: tasks, features, members, their ensemble, its uncertainty and its explanation."""
