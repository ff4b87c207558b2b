"""Typed tables, read from top to bottom: a file imports those above it, and of `libredb/lens`.

columns      what a column may hold, and as what it is compared and stored
row_type     the class of the rows, whatever kind of class it is
schema       which columns are the key, and a row on its way in and out
recorded     the schema as the file records it, and how far a class may be from it
recording    a condition as a function of a row, which writes down what is done to it
naming       conditions and orders by the names of columns, for who has no class
kept         the rows as a collection keeps them
migration    what opening does where record and code differ
group        rows that have something in common
join         pairs of rows of two tables
selection    the rows that are meant, in an order
table        rows in, rows out
opening      what the code says of a table, checked
"""
