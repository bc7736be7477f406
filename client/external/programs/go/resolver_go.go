//go:build netgo

package main

func resolver() string { return "go" }
