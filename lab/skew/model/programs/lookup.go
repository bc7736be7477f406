// Reads names, a line each, and writes the addresses of each name in the order of Go's own resolver.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
)

func main() {
	resolver := net.Resolver{PreferGo: true}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		addresses, err := resolver.LookupIPAddr(context.Background(), lines.Text())
		if err != nil {
			fmt.Print(err)
		}
		for _, address := range addresses {
			fmt.Print(address.String(), " ")
		}
		fmt.Println()
	}
}
