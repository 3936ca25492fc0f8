/* no-symbol.c -- a module that is no plugin. */
int imprint_no_symbol;
int imprint_no_symbol = 1;
