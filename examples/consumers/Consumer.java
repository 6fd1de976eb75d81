// Prints the frames of edge-video as they come. Java 11 or later, com.rabbitmq:amqp-client 5.
//
//   java -cp 'amqp-client.jar:slf4j-api.jar' Consumer.java \
//     amqp://user:password@broker:5672/%2F edge-video [FRAMES]
//
// What a frame is and what its headers mean: docs/frames.md.

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

public class Consumer {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length < 2) {
      System.err.println("usage: Consumer AMQP-URL EXCHANGE [FRAMES]");
      System.exit(2);
    }
    String exchange = arguments[1];
    int most = arguments.length > 2 ? Integer.parseInt(arguments[2]) : Integer.MAX_VALUE;

    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(arguments[0]);
    factory.setAutomaticRecoveryEnabled(false); // whoever runs it starts it again
    CountDownLatch left = new CountDownLatch(most);
    Map<String, Long> newest = new HashMap<>();
    try (Connection connection = factory.newConnection()) {
      Channel channel = connection.createChannel();
      channel.exchangeDeclare(exchange, "topic", true);
      // A queue of our own, bounded: a consumer that falls behind loses old frames, nobody waits.
      Map<String, Object> bounds = Map.of("x-max-length", 5, "x-message-ttl", 2000);
      String queue = channel.queueDeclare("", false, true, true, bounds).getQueue();
      channel.queueBind(queue, exchange, "#"); // every camera; a routing key: one of them
      channel.basicQos(1);
      channel.basicConsume(
          queue,
          false,
          (tag, message) -> {
            Map<String, Object> headers = message.getProperties().getHeaders();
            if (isFrame(message.getProperties(), message.getBody()) && counts(headers, newest)) {
              System.out.printf(
                  "%s %s %sx%s %d bytes%n",
                  headers.get("camera_id"),
                  headers.get("seq"),
                  headers.get("width"),
                  headers.get("height"),
                  message.getBody().length);
              left.countDown();
            }
            channel.basicAck(message.getEnvelope().getDeliveryTag(), false);
          },
          tag -> System.exit(1)); // the broker took the queue away
      connection.addShutdownListener(cause -> System.exit(left.getCount() > 0 ? 1 : 0));
      left.await();
    }
  }

  /** Whether no other node has the camera since, where nodes share it. */
  private static boolean counts(Map<String, Object> headers, Map<String, Long> newest) {
    long epoch = headers.get("epoch") instanceof Number number ? number.longValue() : 0;
    return newest.merge(headers.get("camera_id").toString(), epoch, Math::max) == epoch;
  }

  /** Others may publish to the exchange, too. */
  private static boolean isFrame(AMQP.BasicProperties properties, byte[] body) {
    Map<String, Object> headers = properties.getHeaders();
    return "image/jpeg".equals(properties.getContentType())
        && headers != null
        && headers.get("camera_id") != null
        && body.length > 2
        && (body[0] & 0xff) == 0xff
        && (body[1] & 0xff) == 0xd8;
  }
}
