"""The practice around a model, one file each: a function of a learner or of data that returns a report."""
