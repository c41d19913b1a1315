package kafka

import (
	"context"
	"fmt"
)

// Tool runs one of Kafka's command line tools by its main class, as kafka-consumer-groups.sh and its like do, and returns
// what it prints. ctx must bound it: a tool takes a second or two to start.
func (c *Cluster) Tool(ctx context.Context, class string, args ...string) (string, error) {
	out, err := c.java(ctx, append([]string{class}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %q: %w\n%s", class, args, err, out)
	}
	return string(out), nil
}
