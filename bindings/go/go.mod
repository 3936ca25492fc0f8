module imprint.dev/imprint

go 1.26
