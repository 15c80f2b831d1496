"""uadray: which unsupervised model finds the lesions in brain FLAIR, and how sure is that?"""

__version__ = "0.1.0"
