"""Where a study is: its folder, by its name, on this machine or below a URL."""
