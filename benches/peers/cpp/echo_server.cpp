// A gRPC server that does nothing: each message comes back as it was sent, as raw bytes, on any
// method. One completion queue and one thread: the fastest shape for few streams on two cores.
// A call to ".../OrderEntry" is a stream, every other one a unary call.
//
//   echo_server --port=0 [--certs=FOLDER]      prints "ready on port N"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>

#include "options.h"

namespace {

struct Call;
enum class Step { kNew, kRead, kWrite, kDone };
struct Tag {
  Call* call;
  Step step;
};

struct Call {
  grpc::AsyncGenericService* service;
  grpc::ServerCompletionQueue* queue;
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream{&context};
  grpc::ByteBuffer in;
  std::deque<grpc::ByteBuffer> out;
  bool writing = false, ended = false, finishing = false, unary = false;
  int pending = 0;
  Tag made{this, Step::kNew}, read{this, Step::kRead};
  Tag wrote{this, Step::kWrite}, done{this, Step::kDone};

  Call(grpc::AsyncGenericService* s, grpc::ServerCompletionQueue* q) : service(s), queue(q) {
    ++pending;
    service->RequestCall(&context, &stream, queue, queue, &made);
  }
  void Read() {
    ++pending;
    stream.Read(&in, &read);
  }
  void Write() {
    if (writing || out.empty()) return;
    grpc::WriteOptions options;
    if (out.size() > 1) options.set_buffer_hint();
    writing = true;
    ++pending;
    if (unary) {
      finishing = true;
      stream.WriteAndFinish(out.front(), options, grpc::Status::OK, &wrote);
    } else {
      stream.Write(out.front(), options, &wrote);
    }
    out.pop_front();
  }
  void Next(Step step, bool ok) {
    --pending;
    switch (step) {
      case Step::kNew:
        if (!ok) break;
        new Call(service, queue);
        unary = context.method().find("/OrderEntry") == std::string::npos;
        Read();
        break;
      case Step::kRead:
        ended = ended || !ok;
        if (ok) {
          out.push_back(in);
          Write();
          if (!unary) Read();
        }
        break;
      case Step::kWrite:
        writing = false;
        if (ok && !finishing) Write();
        if (!ok) out.clear();
        break;
      case Step::kDone:
        break;
    }
    if (ended && out.empty() && !writing && !finishing) {
      finishing = true;
      ++pending;
      stream.Finish(grpc::Status::OK, &done);
    }
    if (pending == 0) delete this;
  }
};

}  // namespace

int main(int count, char** words) {
  Options options(count, words);
  std::string certs = options.text("certs");
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (!certs.empty()) {
    grpc::SslServerCredentialsOptions tls;
    tls.pem_key_cert_pairs.push_back(
        {contents(certs + "/server-key.pem"), contents(certs + "/server.pem")});
    credentials = grpc::SslServerCredentials(tls);
  }
  int port = 0;
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + options.text("port", "0"), credentials, &port);
  builder.RegisterAsyncGenericService(&service);
  auto queue = builder.AddCompletionQueue();
  auto server = builder.BuildAndStart();
  if (!server || !port) return 1;
  std::printf("ready on port %d\n", port);
  std::fflush(stdout);
  new Call(&service, queue.get());
  void* found;
  bool ok;
  while (queue->Next(&found, &ok)) {
    Tag* tag = static_cast<Tag*>(found);
    tag->call->Next(tag->step, ok);
  }
  return 0;
}
