select $1 as arguments
