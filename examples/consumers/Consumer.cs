// Prints the frames of edge-video as they come. .NET 8 or later, RabbitMQ.Client 7.
//
//   dotnet new console --output consumer && cd consumer
//   dotnet add package RabbitMQ.Client && cp ../Consumer.cs Program.cs
//   dotnet run amqp://user:password@broker:5672/%2F edge-video [FRAMES]
//
// What a frame is and what its headers mean: docs/frames.md.

using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: consumer AMQP-URL EXCHANGE [FRAMES]");
    return 2;
}
var exchange = args[1];
var most = args.Length > 2 ? int.Parse(args[2]) : int.MaxValue;

var factory = new ConnectionFactory { Uri = new Uri(args[0]) };
await using var connection = await factory.CreateConnectionAsync();
await using var channel = await connection.CreateChannelAsync();
await channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true);
// A queue of our own, bounded: a consumer that falls behind loses old frames, and nobody waits.
var queue = await channel.QueueDeclareAsync(
    queue: "",
    durable: false,
    exclusive: true,
    autoDelete: true,
    arguments: new Dictionary<string, object?> { ["x-max-length"] = 5, ["x-message-ttl"] = 2000 });
await channel.QueueBindAsync(queue.QueueName, exchange, "#"); // every camera; a routing key: one
await channel.BasicQosAsync(prefetchSize: 0, prefetchCount: 1, global: false);

var frames = 0;
var newest = new Dictionary<string, long>();
var done = new TaskCompletionSource();
var consumer = new AsyncEventingBasicConsumer(channel);
consumer.ReceivedAsync += async (_, message) =>
{
    if (IsFrame(message))
    {
        var headers = message.BasicProperties.Headers!;
        var camera = Encoding.UTF8.GetString((byte[])headers["camera_id"]!);
        // Where nodes share a camera, frames of one that was replaced are ignored.
        var epoch = headers.TryGetValue("epoch", out var number) && number is long of ? of : 0;
        newest[camera] = Math.Max(epoch, newest.GetValueOrDefault(camera));
        if (epoch == newest[camera])
        {
            Console.WriteLine(
                $"{camera} {headers["seq"]} {headers["width"]}x{headers["height"]} {message.Body.Length} bytes");
            frames += 1;
        }
    }
    await channel.BasicAckAsync(message.DeliveryTag, multiple: false);
    if (frames >= most)
    {
        done.TrySetResult();
    }
};
connection.ConnectionShutdownAsync += (_, _) =>
{
    done.TrySetResult(); // whoever runs it starts it again
    return Task.CompletedTask;
};
await channel.BasicConsumeAsync(queue.QueueName, autoAck: false, consumer);
await done.Task;
return frames >= most ? 0 : 1;

// Others may publish to the exchange, too.
static bool IsFrame(BasicDeliverEventArgs message) =>
    message.BasicProperties.ContentType == "image/jpeg"
    && message.BasicProperties.Headers is { } headers
    && headers.TryGetValue("camera_id", out var camera)
    && camera is byte[]
    && message.Body.Length > 2
    && message.Body.Span[0] == 0xff
    && message.Body.Span[1] == 0xd8;
