# Makes a name bytes and a digit one of ten, in whatever language the host speaks.
LC_ALL=C; export LC_ALL
