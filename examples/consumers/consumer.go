// Prints the frames of edge-video as they come.
//
//	go mod init consumer && go get github.com/rabbitmq/amqp091-go
//	go run consumer.go amqp://user:password@broker:5672/%2F edge-video [FRAMES]
//
// What a frame is and what its headers mean: docs/frames.md.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: consumer AMQP-URL EXCHANGE [FRAMES]")
	}
	most := 0
	if len(os.Args) > 3 {
		most, _ = strconv.Atoi(os.Args[3])
	}
	if err := consume(os.Args[1], os.Args[2], most); err != nil {
		log.Fatal(err) // whoever runs it starts it again
	}
}

func consume(url, exchange string, most int) error {
	connection, err := amqp.Dial(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return err
	}
	if err := channel.ExchangeDeclare(exchange, "topic", true, false, false, false, nil); err != nil {
		return err
	}
	// A queue of our own, bounded: a consumer that falls behind loses old frames, and nobody waits.
	bounds := amqp.Table{"x-max-length": int32(5), "x-message-ttl": int32(2000)}
	queue, err := channel.QueueDeclare("", false, true, true, false, bounds)
	if err != nil {
		return err
	}
	// "#": every camera; a routing key: one of them
	if err := channel.QueueBind(queue.Name, "#", exchange, false, nil); err != nil {
		return err
	}
	if err := channel.Qos(1, 0, false); err != nil {
		return err
	}
	messages, err := channel.Consume(queue.Name, "", false, true, false, false, nil)
	if err != nil {
		return err
	}
	frames := 0
	newest := map[string]int64{}
	for message := range messages {
		if isFrame(message) && counts(message, newest) {
			headers := message.Headers
			fmt.Printf("%v %v %vx%v %d bytes\n", headers["camera_id"], headers["seq"],
				headers["width"], headers["height"], len(message.Body))
			frames++
		}
		if err := message.Ack(false); err != nil {
			return err
		}
		if most > 0 && frames >= most {
			return nil
		}
	}
	return fmt.Errorf("the connection ended")
}

// counts tells whether no other node has the camera since, where nodes share it.
func counts(message amqp.Delivery, newest map[string]int64) bool {
	camera := message.Headers["camera_id"].(string)
	epoch, _ := message.Headers["epoch"].(int64)
	if epoch < newest[camera] {
		return false
	}
	newest[camera] = epoch
	return true
}

// isFrame tells frames from what others may publish to the exchange.
func isFrame(message amqp.Delivery) bool {
	_, named := message.Headers["camera_id"].(string)
	return named && message.ContentType == "image/jpeg" &&
		bytes.HasPrefix(message.Body, []byte{0xff, 0xd8})
}
