"""The model file: a trained model with all that applying it takes, in one folder without a pickle."""
