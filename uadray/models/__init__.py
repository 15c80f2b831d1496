"""The models of Baur et al. 2018, what came after, and the baseline they must beat; one method, one configuration."""
