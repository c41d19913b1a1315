// Package connector says WHAT is to be fetched: a connector's configuration, parsed and checked as a whole.
package connector

import "github.com/headwater/headwater/internal/connector/hidden"

// Secret is a value that must not be seen. Every way of printing it gives ***.
type Secret = hidden.Secret

// NewSecret hides value.
func NewSecret(value string) Secret { return hidden.New(value) }
