# Fetches, and prints which commits a ref may mean.
# to, address, seconds, ref, ref as a commit or empty
alone "$3"; mirror "$2" "$3"
meanings "$4" "$5"
