// java Interop.java HOST:PORT KEY: a unary call, a stream, an unknown method, bytes made by hand.
import io.grpc.*;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.*;
import java.io.*;
import java.nio.file.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Interop {
  static final String SERVICE = "gridworks.api.trading.v1.TradingService/";

  static class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    public InputStream stream(byte[] value) { return new ByteArrayInputStream(value); }
    public byte[] parse(InputStream stream) {
      try { return stream.readAllBytes(); } catch (IOException e) { throw new RuntimeException(e); }
    }
  }

  static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
    return MethodDescriptor.newBuilder(new Bytes(), new Bytes()).setType(type).setFullMethodName(SERVICE + name).build();
  }

  public static void main(String[] given) throws Exception {
    ManagedChannel plain = NettyChannelBuilder.forTarget(given[0]).usePlaintext().build();
    Metadata key = new Metadata();
    key.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + given[1]);
    Channel channel = ClientInterceptors.intercept(plain, MetadataUtils.newAttachHeadersInterceptor(key));
    Path folder = Path.of(given[2]);  // unary.bin, and stream-0.bin ... made by the test
    byte[] made = ClientCalls.blockingUnaryCall(channel, method("SubmitOrder", MethodDescriptor.MethodType.UNARY), CallOptions.DEFAULT, Files.readAllBytes(folder.resolve("unary.bin")));
    System.out.println("unary " + (made.length > 0));
    try {
      ClientCalls.blockingUnaryCall(channel, method("GetOrder", MethodDescriptor.MethodType.UNARY), CallOptions.DEFAULT, new byte[0]);
    } catch (StatusRuntimeException refused) {
      System.out.println("unknown " + refused.getStatus().getCode().value());
    }
    CountDownLatch ended = new CountDownLatch(1);
    AtomicInteger answers = new AtomicInteger(), code = new AtomicInteger();
    StreamObserver<byte[]> out = ClientCalls.asyncBidiStreamingCall(channel.newCall(method("OrderEntry", MethodDescriptor.MethodType.BIDI_STREAMING), CallOptions.DEFAULT), new StreamObserver<byte[]>() {
      public void onNext(byte[] answer) { answers.addAndGet(answer.length); }
      public void onError(Throwable error) { code.set(Status.fromThrowable(error).getCode().value()); ended.countDown(); }
      public void onCompleted() { ended.countDown(); }
    });
    for (int at = 0; Files.exists(folder.resolve("stream-" + at + ".bin")); ++at) {
      out.onNext(Files.readAllBytes(folder.resolve("stream-" + at + ".bin")));
    }
    out.onCompleted();
    ended.await(60, TimeUnit.SECONDS);
    System.out.println("stream " + (answers.get() > 3000 ? 100 : answers.get()) + " " + code.get());
    plain.shutdownNow();
  }
}
