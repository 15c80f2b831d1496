"""The networks of Baur et al. 2018 and the baseline they must beat; one method, one file."""
