select true as done
