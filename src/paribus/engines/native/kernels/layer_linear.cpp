#include "layers.h"
#include "linear.h"

namespace paribus {

LinearLayer::LinearLayer(const Node& node, int inputs)
    : outputs_(node.record.outputs),
      inputs_(inputs),
      stride_(whole_groups(inputs)),
      out_stride_(whole_groups(outputs_)),
      weight_(node.weight),
      bias_(node.bias),
      reads_images_(node.weight.stride > 0),
      transposed_(make_array(reads_images_ ? 0 : static_cast<int64_t>(inputs) * out_stride_)) {}

const float* LinearLayer::weights_IO() const {
  return reads_images_ ? storage_.parameters + weight_.at : transposed_.get();
}

void LinearLayer::reserve(int tiles) {
  const int64_t images = static_cast<int64_t>(tiles) * GROUP;
  gradients_ = make_vectors(static_cast<int64_t>(tiles) * PARTS * outputs_);
  if (reads_images_) {
    out_rows_ = make_array(images * out_stride_);
    gradient_rows_ = make_array(images * out_stride_);
    return;
  }
  rows_ = make_array(images * stride_);
  row_.resize(static_cast<size_t>(images));
  for (size_t n = 0; n < row_.size(); ++n) row_[n] = rows_.get() + n * stride_;
}

void LinearLayer::begin_step(const Batch& batch, bool training) {
  batch_ = batch;
  if (!reads_images_)
    transpose_matrix(storage_.parameters + weight_.at, outputs_, inputs_, inputs_,
                     transposed_.get(), out_stride_);
  sparse_ = training && reads_images_ && batch.sparse;
}

namespace {
constexpr int FEATURES_PER_JOB = 4 * GROUP;
}

int LinearLayer::row_jobs() const { return sparse_ ? batch_.threads : 0; }

void LinearLayer::run_row_job(int job) {
  const int first = batch_.images * job / batch_.threads;
  const int end = batch_.images * (job + 1) / batch_.threads;
  sparse_multiply(*batch_.sparse, batch_.numbers, first, end, weights_IO(), outputs_,
                  out_rows_.get());
}

void LinearLayer::forward(Tile& tile) {
  const Parts<Map> features = in.maps(tile);
  const std::vector<int>* used = sparse_ ? nullptr : &used_inputs(features);
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.bias = storage_.parameters + bias_.at;
    finish.addend = fused.addend.data(tile, part);
    finish.rectified = fused.rectify;
    const Map to = out.map(tile, part);
    const int64_t first_image = static_cast<int64_t>(tile.index) * GROUP + part * LANES;
    if (sparse_) {
      read_rows(out_rows_.get() + first_image * out_stride_, outputs_, out_stride_, to.data);
      for (int o = 0; o < outputs_; ++o) finish(to.data[o], o, o, to.data);
      continue;
    }
    if (tile.training && !reads_images_)
      write_rows(features[part].data, inputs_, rows_.get() + first_image * stride_, stride_);
    multiply(weights_IO(), out_stride_, features[part], *used, to, finish);
  }
}

void LinearLayer::backward(Tile& tile) {
  const Parts<Map> gradients = out_gradient.maps(tile);
  for (int part = 0; part < PARTS; ++part) {
    const vec* gradient = gradients[part].data;
    const int64_t index = static_cast<int64_t>(tile.index) * PARTS + part;
    std::copy(gradient, gradient + outputs_, vectors(gradients_) + index * outputs_);
    if (sparse_)
      write_rows(gradient, outputs_, gradient_rows_.get() + index * LANES * out_stride_,
                 out_stride_);
  }
  if (!in_gradient) return;
  const std::vector<int>& used = used_inputs(gradients);
  for (int part = 0; part < PARTS; ++part) {
    Finish finish;
    finish.addend = skip_gradient.data(tile, part);
    multiply(storage_.parameters + weight_.at, inputs_, gradients[part], used,
             in_gradient.map(tile, part), finish);
  }
}

int LinearLayer::features_per_job() const {
  return sparse_ ? batch_.sparse->rows_in_part() : FEATURES_PER_JOB;
}

int LinearLayer::gradient_jobs() const {
  return (inputs_ + features_per_job() - 1) / features_per_job();
}

void LinearLayer::run_gradient_job(int job) {
  const int first = job * features_per_job(), end = std::min(first + features_per_job(), inputs_);
  float* gradient = storage_.gradients + weight_.at;
  if (sparse_) {
    sparse_gradient(*batch_.sparse, batch_.numbers, batch_.images, job, gradient_rows_.get(),
                    outputs_, gradient);
  } else if (reads_images_) {
    thread_local std::vector<float> part_OI;
    part_OI.resize(static_cast<size_t>(outputs_) * FEATURES_PER_JOB);
    const Rows rows{batch_.rows, batch_.images, inputs_};
    matrix_gradient(rows, vectors(gradients_), outputs_, first, end, part_OI.data(),
                    FEATURES_PER_JOB);
    transpose_matrix(part_OI.data(), outputs_, end - first, FEATURES_PER_JOB,
                     gradient + static_cast<int64_t>(first) * out_stride_, out_stride_);
  } else {
    const Rows rows{row_.data(), batch_.images, inputs_};
    matrix_gradient(rows, vectors(gradients_), outputs_, first, end, gradient + first, inputs_);
  }
  if (job > 0) return;
  const int tiles = (batch_.images + GROUP - 1) / GROUP;
  for (int o = 0; o < outputs_; ++o) {
    float total = 0;
    for (int part = 0; part < PARTS; ++part) {
      vec sum = zero();
      for (int t = 0; t < tiles; ++t)
        sum += vectors(gradients_)[(static_cast<int64_t>(t) * PARTS + part) * outputs_ + o];
      for (int lane = 0; lane < LANES; ++lane) total += sum[lane];
    }
    storage_.gradients[bias_.at + o] = total;
  }
}

}  // namespace paribus
