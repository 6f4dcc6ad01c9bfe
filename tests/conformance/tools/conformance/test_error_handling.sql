select true as done where false
