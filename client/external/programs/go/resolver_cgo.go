//go:build netcgo

package main

func resolver() string { return "cgo (libc)" }
